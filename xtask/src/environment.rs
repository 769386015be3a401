//! What this process was started in. The only place that reads environment variables and looks at terminals.

use std::env;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use camino::Utf8PathBuf;
use marker_policy::NaiveDate;
use test_runner::Secrets;
use test_runner::coverage::LlvmTools;

/// The facts of the machine and the shell that commands depend on.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    /// `CUDA_VISIBLE_DEVICES`, which restricts the GPUs that tests may use.
    pub(crate) cuda_visible_devices: Option<String>,
    /// `CUDA_DEVICE_ORDER`, which says what its indices count.
    pub(crate) cuda_device_order: Option<String>,
    /// `VIRTUAL_ENV`, whose Python runs pytest unless another is named.
    pub(crate) virtual_env: Option<Utf8PathBuf>,
    /// Whether `CI` is set to anything but the empty text or `false`.
    pub(crate) ci: bool,
    /// `GITHUB_STEP_SUMMARY`: the file to which a step of GitHub Actions appends what the job's page shows.
    pub(crate) github_step_summary: Option<Utf8PathBuf>,
    /// `LLVM_PROFDATA` and `LLVM_COV`, where both are set: what reads the coverage of Rust.
    pub(crate) llvm_tools: Option<LlvmTools>,
    /// The folders of `PATH`.
    pub(crate) path: Vec<PathBuf>,
    /// Whether a token of Hugging Face is there: `HF_TOKEN`, or the file that its login writes.
    pub(crate) has_model_token: bool,
    /// Where Hugging Face's libraries keep models.
    pub(crate) model_cache: Option<Utf8PathBuf>,
    /// Values of variables that hold secrets: they reach no file and no report.
    pub(crate) secrets: Secrets,
    /// The day, in UTC: exemptions of the policy expire.
    pub(crate) today: NaiveDate,
    /// Whether stdout is a terminal that may show colour.
    pub(crate) colour: bool,
    /// Whether stdout is a terminal on which a table can be redrawn.
    pub(crate) redraw: bool,
    /// Whether stderr is a terminal on which a progress bar can be redrawn.
    pub(crate) progress: bool,
}

impl Environment {
    /// Looks at this process.
    pub(crate) fn of_this_process() -> Self {
        let ci = env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        // https://no-color.org: any value but the empty text.
        let no_colour = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            cuda_visible_devices: env::var("CUDA_VISIBLE_DEVICES").ok(),
            cuda_device_order: env::var("CUDA_DEVICE_ORDER").ok(),
            virtual_env: env::var("VIRTUAL_ENV").ok().filter(|path| !path.is_empty()).map(Utf8PathBuf::from),
            ci,
            github_step_summary: env::var("GITHUB_STEP_SUMMARY")
                .ok()
                .filter(|path| !path.is_empty())
                .map(Utf8PathBuf::from),
            llvm_tools: variable("LLVM_PROFDATA")
                .zip(variable("LLVM_COV"))
                .map(|(profdata, cov)| LlvmTools { profdata, cov }),
            path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
            has_model_token: has_model_token(),
            model_cache: variable("HF_HUB_CACHE").or_else(|| Some(model_home()?.join("hub"))),
            secrets: Secrets::of(
                env::vars_os()
                    .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                    .chain(model_token()),
            ),
            today: today(),
            colour: io::stdout().is_terminal() && !no_colour && !dumb,
            redraw: io::stdout().is_terminal() && !dumb,
            progress: io::stderr().is_terminal() && !ci && !dumb,
        }
    }
}

fn variable(name: &str) -> Option<Utf8PathBuf> {
    env::var(name).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from)
}

/// The folder of Hugging Face's libraries, by their own rules.
fn model_home() -> Option<Utf8PathBuf> {
    variable("HF_HOME").or_else(|| {
        let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        cache.map(|cache| cache.join("huggingface"))
    })
}

fn has_model_token() -> bool {
    variable("HF_TOKEN").is_some() || token_file().is_some_and(|file| file.is_file())
}

/// Where Hugging Face's login keeps its token.
fn token_file() -> Option<Utf8PathBuf> {
    variable("HF_TOKEN_PATH").or_else(|| Some(model_home()?.join("token")))
}

/// The token in that file, as if it were a variable: tests find it there as well.
fn model_token() -> Option<(String, String)> {
    Some(("HF_TOKEN".to_owned(), std::fs::read_to_string(token_file()?).ok()?))
}

/// Of a clock before 1970, or one that is centuries ahead, the first day of its time.
fn today() -> NaiveDate {
    const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;
    let days = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() / SECONDS_OF_A_DAY);
    i32::try_from(days).ok().and_then(NaiveDate::from_epoch_days).unwrap_or_default()
}
