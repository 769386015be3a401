//! Whether a card is of a model, by its name.

/// Whether the name that NVML gives a card, such as `NVIDIA H100 80GB HBM3`, is that of `model`, such as `H100`.
///
/// Whole words count, in any case: an `L40S` is no `L4`, an `A100` no `A10`, a `GH200` no `H200`. A model of several
/// words (`A100-80GB`) has all of them in their order; blanks and hyphens may be left out (`RTX4090`).
#[must_use]
pub fn is_model(name: &str, model: &str) -> bool {
    let (name, model) = (words(name), words(model));
    if model.is_empty() {
        return false;
    }
    let mut rest = name.iter();
    let in_order = model.iter().all(|wanted| rest.any(|word| word == wanted));
    in_order || has_run(&name, &model.concat())
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// Whether words that follow one another make up `wanted`.
fn has_run(words: &[String], wanted: &str) -> bool {
    (0..words.len()).any(|start| {
        let mut rest = wanted;
        for word in &words[start..] {
            let Some(after) = rest.strip_prefix(word.as_str()) else { return false };
            if after.is_empty() {
                return true;
            }
            rest = after;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::CARDS;

    #[test]
    fn each_known_card_is_of_its_own_model_and_of_no_other() {
        for card in CARDS {
            for other in CARDS {
                assert_eq!(
                    is_model(card.name, other.short),
                    card.short == other.short,
                    "{} {}",
                    card.name,
                    other.short
                );
            }
        }
    }

    #[test]
    fn words_are_whole_and_in_any_case() {
        for (name, model, is) in [
            ("NVIDIA H100 80GB HBM3", "h100", true),
            ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", "H100", true),
            ("NVIDIA H100 PCIe", "H100", true),
            ("NVIDIA A100-SXM4-80GB", "A100", true),
            ("NVIDIA A100-SXM4-80GB", "A100-80GB", true),
            ("NVIDIA A100-SXM4-80GB", "A100-40GB", false),
            ("NVIDIA A100-SXM4-80GB", "80GB A100", false),
            ("NVIDIA GeForce RTX 4090", "RTX4090", true),
            ("NVIDIA GeForce RTX 4090", "rtx 4090", true),
            ("NVIDIA GeForce RTX 4090 D", "RTX 409", false),
            ("NVIDIA L40S", "L4", false),
            ("NVIDIA L40", "L4", false),
            ("NVIDIA GH200 480GB", "H200", false),
            ("NVIDIA A10G", "A10", false),
            ("NVIDIA L4", "NVIDIA", true),
            ("NVIDIA L4", "", false),
            ("", "L4", false),
            ("é", "é", false),
        ] {
            assert_eq!(is_model(name, model), is, "{name:?} {model:?}");
        }
    }
}
