//! Inventories of machines that are not here, from descriptions such as `2xL4+8xH100:79GiB`.

use crate::bytes::{Bytes, Memory};
use crate::cards::{self, CARDS};
use crate::health::Health;
use crate::inventory::{Device, Driver, Inventory, Mig};
use crate::topology::{Link, Topology};

/// The most devices that a description can have.
const MOST_DEVICES: u32 = 1024;
/// The most memory that a described card can have: far above any, far below what a sum could overflow.
const MOST_MEMORY: Bytes = Bytes::from_mib(1 << 30);
/// The longest name of a card that is not in the table.
const LONGEST_NAME: usize = 64;

/// A description that says nothing clear. Each message names the part that is wrong and what it could be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DescribeError {
    /// Nothing between two `+`, before or after a colon, or at all.
    #[error("{description:?} has an empty part: write a card as 2xL4 or 8xH100:79GiB, several with + between them")]
    Empty {
        /// The whole description.
        description: String,
    },
    /// A count of zero, or more devices than can be.
    #[error("{part:?} asks for {count} cards: give 1 to {MOST_DEVICES} in all")]
    Count {
        /// The part.
        part: String,
        /// The count as written.
        count: String,
    },
    /// A memory that is no amount.
    #[error("{part:?} gives {memory:?} as its memory: write it as 79GiB, 22.5GiB or 23034MiB")]
    Memory {
        /// The part.
        part: String,
        /// The memory as written.
        memory: String,
    },
    /// A card that is not known, without its memory.
    #[error("{card:?} is not a known card ({known}): give its memory, as in {card}:48GiB", known = known_cards())]
    UnknownCard {
        /// The name as written.
        card: String,
    },
    /// A name that no card has.
    #[error("{card:?} is not a card's name: use letters, digits, spaces, '-', '_' and '.', at most {LONGEST_NAME}")]
    Name {
        /// The name as written.
        card: String,
    },
}

impl Inventory {
    /// The inventory of a machine that is not here.
    ///
    /// The description is one or more parts with `+` between them; a part is `COUNTxCARD:MEMORY`, where the count
    /// (1) and a known card's memory may be left out: `L4`, `2xL4`, `8xH100:79GiB`, `2xL4+4xH100`. A known card's
    /// memory is what NVML reports of it. The memory is in `GiB` or `MiB`, all of it free.
    ///
    /// # Errors
    /// If a part is not of this form, or a card is not known and its memory is not given.
    pub fn describe(description: &str) -> Result<Self, DescribeError> {
        let mut devices = Vec::new();
        for part in description.split('+') {
            let part = part.trim();
            let parsed = Part::parse(part).map_err(|mistake| match mistake {
                DescribeError::Empty { .. } => DescribeError::Empty { description: description.to_owned() },
                other => other,
            })?;
            for _ in 0..parsed.count {
                let index = u32::try_from(devices.len()).unwrap_or(u32::MAX);
                if index >= MOST_DEVICES {
                    return Err(DescribeError::Count { part: part.to_owned(), count: parsed.count.to_string() });
                }
                devices.push(parsed.device(index));
            }
        }
        let reason = "a description tells no links";
        let topology = Topology::of(devices.len(), |_, _| Link::Unknown { reason: reason.to_owned() });
        Ok(Self { devices, topology, ..Self::without_devices(Driver::Described(description.to_owned())) })
    }
}

/// `COUNTxCARD:MEMORY`.
struct Part<'a> {
    count: u32,
    card: Option<&'static cards::Card>,
    name: &'a str,
    memory: Bytes,
}

impl<'a> Part<'a> {
    fn parse(part: &'a str) -> Result<Self, DescribeError> {
        let empty = || DescribeError::Empty { description: part.to_owned() };
        let (cards, memory) = match part.split_once(':') {
            Some((cards, memory)) => (cards.trim(), Some(memory.trim())),
            None => (part, None),
        };
        let (count, name) = match split_count(cards) {
            Some((digits, name)) => {
                let count = digits
                    .parse()
                    .ok()
                    .filter(|count| (1..=MOST_DEVICES).contains(count))
                    .ok_or_else(|| DescribeError::Count { part: part.to_owned(), count: digits.to_owned() })?;
                (count, name)
            }
            None => (1, cards),
        };
        if name.is_empty() {
            return Err(empty());
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || " -_.".contains(c);
        if name.len() > LONGEST_NAME || !name.chars().all(allowed) {
            return Err(DescribeError::Name { card: name.to_owned() });
        }
        let card = cards::find(name);
        let memory = match (memory, card) {
            (Some(memory), _) => parse_memory(memory)
                .ok_or_else(|| DescribeError::Memory { part: part.to_owned(), memory: memory.to_owned() })?,
            (None, Some(card)) => card.memory(),
            (None, None) => {
                return Err(DescribeError::UnknownCard { card: name.to_owned() });
            }
        };
        Ok(Self { count, card, name, memory })
    }

    fn device(&self, index: u32) -> Device {
        Device {
            index,
            uuid: format!("GPU-described-{index}"),
            name: self.card.map_or(self.name, |card| card.name).to_owned(),
            pci: None,
            compute_capability: self.card.map(cards::Card::compute_capability),
            memory: Some(Memory::unused(self.memory)),
            mig: Mig::Off,
            health: Health::default(),
            processes: Ok(Vec::new()),
        }
    }
}

/// The digits before an `x`, and the rest. `None` where there is no count.
fn split_count(cards: &str) -> Option<(&str, &str)> {
    let (digits, name) = cards.split_once(['x', 'X'])?;
    let digits = digits.trim();
    // Less than none is a wrong count, and no card's name.
    let number = digits.strip_prefix('-').unwrap_or(digits);
    let counts = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    counts.then(|| (digits, name.trim()))
}

/// `79GiB`, `22.5GiB` or `23034MiB`; more than nothing, and not more than a card could have.
fn parse_memory(text: &str) -> Option<Bytes> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(3)?)?;
    let mib = match unit {
        "GiB" => 1024.0,
        "MiB" => 1.0,
        _ => return None,
    };
    let number = number.trim_end();
    let plain = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if number.is_empty() || !number.bytes().all(plain) {
        return None;
    }
    let bytes = number.parse::<f64>().ok()? * mib * 1024.0 * 1024.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and a float that is too large becomes the greatest integer"
    )]
    let bytes = Bytes(bytes.round() as u64);
    (bytes > Bytes(0) && bytes <= MOST_MEMORY).then_some(bytes)
}

fn known_cards() -> String {
    let cards: Vec<_> = CARDS.iter().map(|card| format!("{} {}", card.short, card.memory())).collect();
    cards.join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Name and MiB of each device.
    fn devices(description: &str) -> Vec<(String, u64)> {
        let inventory = Inventory::describe(description).unwrap();
        inventory.devices.into_iter().map(|device| (device.name, device.memory.unwrap().total.mib())).collect()
    }

    fn refusal(description: &str) -> String {
        Inventory::describe(description).unwrap_err().to_string()
    }

    #[test]
    fn a_known_card_has_the_memory_that_nvml_reports() {
        assert_eq!(devices("L4"), [("NVIDIA L4".to_owned(), 23034)]);
        assert_eq!(devices("1xh100")[0].1, 81559);
        assert_eq!(devices("A100-40GB")[0].1, 40960);
    }

    #[test]
    fn memory_that_is_given_counts() {
        assert_eq!(devices("8xH100:79GiB")[7].1, 79 * 1024);
        assert_eq!(devices("L4:22.5GiB")[0].1, 23040);
        assert_eq!(devices("2xMI300 X : 100MiB")[1], ("MI300 X".to_owned(), 100));
    }

    #[test]
    fn parts_follow_one_another_and_indices_count_through() {
        let inventory = Inventory::describe("2xL4 + 3xH100:79GiB").unwrap();
        let indices: Vec<_> = inventory.devices.iter().map(|device| device.index).collect();
        assert_eq!(indices, [0, 1, 2, 3, 4]);
        assert_eq!(inventory.devices[1].name, "NVIDIA L4");
        assert_eq!(inventory.devices[2].name, "NVIDIA H100 80GB HBM3");
        assert_eq!(inventory.why_empty(), None);
    }

    #[test]
    fn an_x_in_a_name_is_no_count() {
        assert_eq!(devices("RTX4090").len(), 1);
        assert_eq!(devices("3xRTX4090").len(), 3);
    }

    #[test]
    fn an_unknown_card_needs_its_memory() {
        let refusal = refusal("2xL5");
        assert!(refusal.contains("\"L5\" is not a known card"), "{refusal}");
        assert!(refusal.contains("L4 22.5 GiB"), "{refusal}");
        assert!(refusal.contains("L5:48GiB"), "{refusal}");
        // Two cards have this name: neither is guessed.
        assert!(super::tests::refusal("A100").contains("A100-80GB"));
    }

    #[test]
    fn what_is_unclear_is_refused() {
        for (description, part) in [
            ("", "empty"),
            ("2x", "empty"),
            ("L4++L4", "empty"),
            (":79GiB", "empty"),
            ("0xL4", "asks for 0 cards"),
            ("1025xL4", "asks for 1025 cards"),
            ("1000xL4+1000xL4", "1 to 1024"),
            ("99999999999999999999xL4", "asks for 9999"),
            ("H100:", "gives \"\""),
            ("H100:79", "gives \"79\""),
            ("H100:79GB", "gives \"79GB\""),
            ("H100:-1GiB", "gives \"-1GiB\""),
            ("H100:infGiB", "gives"),
            ("H100:1e9GiB", "gives"),
            ("H100:0GiB", "gives"),
            ("H100:9999999999GiB", "gives"),
            ("H100:7é9GiB", "gives"),
            ("H100:é", "gives"),
            ("L\n4:1GiB", "not a card's name"),
            ("L\u{1b}4:1GiB", "not a card's name"),
        ] {
            let refusal = refusal(description);
            assert!(refusal.contains(part), "{description:?}: {refusal}");
            assert!(!refusal.contains(char::is_control), "{refusal:?}");
        }
    }
}
