//! Evidence of where a file is, and of what it is called.

use crate::category::Category;
use crate::evidence::{Evidence, EvidenceKind};
use crate::policy::Policy;

use super::Lacking;

/// The innermost folder with the name of one of the markers.
pub(super) fn folder(policy: &Policy, lacking: Lacking<'_>) -> Vec<Evidence> {
    of_all_files(lacking, |path| {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        let name = folders.rsplit('/').find(|name| lacking.has_member(name) && means_one_thing(policy, name))?;
        Some((name.to_owned(), format!("it stands in a folder `{name}`")))
    })
    .map(|(marker, because)| Evidence { kind: EvidenceKind::Folder, marker, because, at: None })
    .into_iter()
    .collect()
}

/// The one marker whose name is a word, or several, of the file's name.
pub(super) fn file_name(policy: &Policy, lacking: Lacking<'_>) -> Vec<Evidence> {
    of_all_files(lacking, |path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let words = format!("_{}_", name.strip_suffix(".py").unwrap_or(name));
        let is_in = |marker: &&String| means_one_thing(policy, marker) && words.contains(&format!("_{marker}_"));
        let mut found = lacking.members.iter().filter(is_in);
        let marker = found.next()?;
        found.next().is_none().then(|| (marker.clone(), format!("`{marker}` is in the name of its file")))
    })
    .map(|(marker, because)| Evidence { kind: EvidenceKind::FileName, marker, because, at: None })
    .into_iter()
    .collect()
}

/// The one type, or component, that the policy's locations have there.
pub(super) fn location(policy: &Policy, lacking: Lacking<'_>) -> Vec<Evidence> {
    let locations = policy.locations();
    of_all_files(lacking, |path| match lacking.category {
        Category::Component => {
            let folder = locations.component.iter().find(|folder| folder.contains(path))?;
            let component = folder.component_of(path).filter(|component| lacking.has_member(component))?;
            Some((component.to_owned(), format!("`{folder}` is that component's own (`locations.component`)")))
        }
        Category::Type => {
            let mut fitting = locations.by_type.iter().filter_map(|(test_type, folders)| {
                Some((test_type, folders.iter().find(|folder| folder.contains(path))?))
            });
            let (test_type, folder) = fitting.next()?;
            let is_only = fitting.next().is_none();
            is_only.then(|| {
                (test_type.clone(), format!("`{folder}` is the place of {test_type} tests (`locations.types`)"))
            })
        }
        Category::Lifecycle | Category::Hardware | Category::Other => None,
    })
    .map(|(marker, because)| Evidence { kind: EvidenceKind::Location, marker, because, at: None })
    .into_iter()
    .collect()
}

/// What every file shows, where all show the same.
fn of_all_files(lacking: Lacking<'_>, of_file: impl Fn(&str) -> Option<(String, String)>) -> Option<(String, String)> {
    let mut found = lacking.files().into_iter().map(of_file);
    let first = found.next()??;
    found.all(|other| other.as_ref().is_some_and(|(marker, _)| *marker == first.0)).then_some(first)
}

/// Whether a name says which category is meant: `multimodal` may be a type and a component.
fn means_one_thing(policy: &Policy, marker: &str) -> bool {
    Category::ALL.into_iter().filter(|category| policy.is_member(*category, marker)).count() == 1
}
