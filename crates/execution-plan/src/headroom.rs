//! What of a GPU's memory stays free where tests share it.

/// The part of a GPU's memory that tests may share. One that is alone may have all of it.
pub(crate) fn shared(memory: u64, headroom: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "bytes")]
    let part = (memory as f64 * (1.0 - headroom.clamp(0.0, 1.0))) as u64;
    part
}
