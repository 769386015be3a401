//! How the tests of a tree run in a container.

/// What the policy says of the tree's container: the scripts that start and build it, and how the tree looks from
/// inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The script of the tree that runs a command in a container. It takes `--image` or `--framework`, `--name`,
    /// `--workdir`, `-e NAME`, and the command behind `--`.
    pub run: String,
    /// The script of the tree that builds the image. It takes `--framework`.
    pub build: String,
    /// Where the container has the tree: an absolute folder.
    pub workspace: String,
    /// What `run` is always given.
    pub arguments: Vec<String>,
    /// Variables that the container gets from here, where they are set. Their values appear in no command.
    pub environment: Vec<String>,
    /// The program that a container is stopped with, by its name: `docker`, or what takes the same words.
    pub engine: String,
}

/// As Dynamo's guide for tests runs them.
impl Default for Container {
    fn default() -> Self {
        Self {
            run: "container/run.sh".to_owned(),
            build: "container/build.sh".to_owned(),
            workspace: "/workspace".to_owned(),
            arguments: vec!["--mount-workspace".to_owned()],
            environment: ["CI", "HF_TOKEN", "NO_COLOR"].map(str::to_owned).into(),
            engine: "docker".to_owned(),
        }
    }
}
