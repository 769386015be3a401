//! Huge pages: none for this program where they are dear.
//!
//! mimalloc asks for huge pages, with which a listing takes a tenth less of processors. Where a virtual machine gives free memory back to
//! its host, a few of them are cheap, and each further one takes as long as three thousand pages of the usual size.
//! What was measured is in `docs/decisions/0023-memory-and-start.md`.

use std::fs;
use std::path::Path;

/// The devices through which a virtual machine and its host share memory, each with a file `features`.
const BALLOONS: &str = "/sys/bus/virtio/drivers/virtio_balloon";
/// The feature that free pages are reported to the host: `VIRTIO_BALLOON_F_REPORTING` of the virtio specification.
const REPORTING: usize = 5;

/// Has this process do without them where free memory goes back to a host.
pub(crate) fn forgo_where_dear() {
    if reports_free_pages(Path::new(BALLOONS)) {
        test_runner::shim::huge_pages::forgo();
    }
}

fn reports_free_pages(balloons: &Path) -> bool {
    // Most machines have none.
    let Ok(devices) = fs::read_dir(balloons) else { return false };
    let features = devices.flatten().filter_map(|device| fs::read_to_string(device.path().join("features")).ok());
    // One character a feature, the first one first.
    features.into_iter().any(|features| features.as_bytes().get(REPORTING) == Some(&b'1'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_feature_of_any_balloon_counts() {
        let folder = tempfile::tempdir().unwrap();
        let reports = || reports_free_pages(folder.path());
        assert!(!reports_free_pages(&folder.path().join("missing")));
        assert!(!reports());
        let device = |name: &str, features: &str| {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("features"), features).unwrap();
        };
        fs::write(folder.path().join("bind"), "").unwrap();
        device("virtio0", "11111011\n");
        device("virtio1", "1");
        assert!(!reports());
        device("virtio2", "00000100\n");
        assert!(reports());
    }
}
