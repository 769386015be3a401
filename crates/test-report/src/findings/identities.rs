//! What makes a finding the same in another revision, short enough for other tools.

use std::collections::HashMap;
use std::hash::Hasher;

use marker_policy::Finding;
use siphasher::sip128::{Hasher128, SipHasher13};

/// An identity for each finding: 32 hexadecimal digits that depend on no line, and behind a colon its number among those
/// of the same [`Finding::identity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identities(Vec<String>);

impl Identities {
    /// The identities of all findings of an audit.
    #[must_use]
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut seen: HashMap<u128, usize> = HashMap::new();
        let identities = findings.into_iter().map(|finding| {
            let mut hasher = SipHasher13::new();
            hasher.write(finding.identity().as_bytes());
            let hash = hasher.finish128().as_u128();
            let number = seen.entry(hash).or_default();
            *number += 1;
            format!("{hash:032x}:{number}")
        });
        Self(identities.collect())
    }

    /// In the findings' order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}
