//! How far from unsafe a scenario is, for people and for programs.
//!
//! A line of JSON a dial: values are in `unit`, `ppm` or `us`. `safe_to` is `null` where something is wrong already without the
//! harm, a `claimed` or `by_theory` of `null` means as far as it likes, and `by_theory` is 0 where the lease is longer than the
//! promises.

use super::prelude::*;
use crate::scenario::{Dial, Reach, Scenario, print};
use crate::verdict::{Breach, Margin};

/// What comes before the margins of one scenario under one variant, the first of which is `first`.
pub fn margin_head(first: &Margin, style: Style) -> String {
    let Margin { title, variant, seeds, .. } = first;
    format!(
        "{}  variant {variant}, seeds {seeds}\n  {}\n",
        style.strong(format!("{title}: how far from unsafe")),
        style.faint(
            "what is turned up while the leader is cut off again and again, and the least that was found to break it"
        )
    )
}

/// One margin, in a few lines.
pub fn margin_lines(margin: &Margin, style: Style) -> String {
    let Margin { dial, claimed, .. } = margin;
    let found = found(margin);
    let found = if margin.is_below_claim() { style.bad(found) } else { style.good(found) };
    let mut lines = vec![
        format!("  {}", dial.about()),
        format!("    {found}, claimed {}; by theory {}", reach(*dial, *claimed), theory(margin)),
    ];
    if let Some((value, breach)) = &margin.found.breach {
        lines.push(format!("    {}", broken(*dial, *value, breach, margin)));
        lines.push(format!("      {}", breach.message));
    }
    lines.push(style.faint(format!("    {}, {}", counted(margin.runs, "run"), counted(margin.cuts, "cut"))));
    lines.join("\n")
}

fn found(margin: &Margin) -> String {
    let dial = margin.dial;
    match (margin.found.safe_to, &margin.found.breach) {
        (_, None) if margin.cuts == 0 => "nothing was tried: the leader was never cut off".to_owned(),
        (Some(value), None) => format!("safe to the limit ({})", shown(dial, value)),
        (Some(value), Some(_)) => format!("safe to {}", shown(dial, value)),
        (None, _) => "unsafe without it".to_owned(),
    }
}

fn broken(dial: Dial, value: u64, breach: &Breach, margin: &Margin) -> String {
    let Breach { seed, seeds, check, class, .. } = breach;
    let of = margin.seeds.len();
    format!(
        "least found unsafe: {}: {class} ({check}), seed {seed}, {seeds} of {}",
        shown(dial, value),
        counted(of, "seed")
    )
}

fn reach(dial: Dial, reach: Reach) -> String {
    match reach {
        Reach::Any => "at any length".to_owned(),
        Reach::UpTo(value) => shown(dial, value),
    }
}

/// `1,900 ppm`, `30.2ms`
fn shown(dial: Dial, value: u64) -> String {
    if dial.is_drift() { format!("{} ppm", count(value)) } else { dial.written(value) }
}

fn theory(margin: &Margin) -> String {
    margin.by_theory.map_or_else(
        || "none: the lease is longer than the promises it rests on".to_owned(),
        |by_theory| reach(margin.dial, by_theory),
    )
}

/// Writes `scenario` to a file of its name in `dir`, which is made if need be.
///
/// # Errors
///
/// It cannot be written.
pub fn write_scenario(scenario: &Scenario, dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    File::create(dir.join(format!("{}.toml", scenario.name)))?.write_all(print(scenario).as_bytes())
}

/// `margin` as one line of JSON, without the newline.
pub fn margin_json(margin: &Margin) -> String {
    let up_to = |reach| match reach {
        Reach::Any => None,
        Reach::UpTo(value) => Some(value),
    };
    let breach = margin.found.breach.as_ref();
    Object::default()
        .with("scenario", &margin.title)
        .with("variant", &margin.variant)
        .with("seeds", margin.seeds.to_string())
        .with("dial", margin.dial.name())
        .with("unit", if margin.dial.is_drift() { "ppm" } else { "us" })
        .with("safe_to", margin.found.safe_to)
        .with("unsafe_from", breach.map(|(value, _)| *value))
        .with("limit", margin.dial.limit())
        .with("claimed", up_to(margin.claimed))
        .with("by_theory", margin.by_theory.map_or(Some(0), up_to))
        .with("below_claim", margin.is_below_claim())
        .with("class", breach.map(|(_, breach)| breach.class.to_string()))
        .with("check", breach.map(|(_, breach)| &breach.check))
        .with("seed", breach.map(|(_, breach)| breach.seed))
        .with("message", breach.map(|(_, breach)| &breach.message))
        .with("runs", margin.runs)
        .with("cuts", margin.cuts)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Class, Seeds};
    use crate::verdict::Found;

    fn margin(breach: Option<(u64, Breach)>) -> Margin {
        Margin {
            title: "fast/partition".to_owned(),
            variant: "default".to_owned(),
            seeds: Seeds::range(1, 5),
            dial: Dial::ClockDrift,
            claimed: Reach::UpTo(200),
            by_theory: Some(Reach::UpTo(1_000)),
            found: Found {
                safe_to: breach.as_ref().map_or(Some(1_000_000), |(value, _)| value.checked_sub(100)),
                breach,
            },
            runs: 70,
            cuts: 350,
        }
    }

    fn breach(value: u64) -> Option<(u64, Breach)> {
        let (check, message) = ("one-lease".to_owned(), "two leases".to_owned());
        Some((value, Breach { seed: 3, seeds: 2, check, class: Class::LeaseInvariant, message }))
    }

    #[test]
    fn a_margin_stands_beside_what_is_claimed_and_what_theory_says() {
        assert_eq!(
            margin_lines(&margin(breach(31_000)), Style::PLAIN),
            "  drift between the leader's clock and the others'\n    \
             safe to 30,900 ppm, claimed 200 ppm; by theory 1,000 ppm\n    \
             least found unsafe: 31,000 ppm: lease-invariant (one-lease), seed 3, 2 of 5 seeds\n      \
             two leases\n    \
             70 runs, 350 cuts"
        );
    }

    #[test]
    fn what_breaks_within_the_claim_is_below_it() {
        let below = |value| margin(breach(value)).is_below_claim();
        assert_eq!([below(0), below(200), below(201)], [true, true, false]);
        assert!(!margin(None).is_below_claim());
        assert!(Margin { claimed: Reach::Any, ..margin(breach(60_000)) }.is_below_claim());
    }

    #[test]
    fn what_never_breaks_is_safe_to_the_limit_unless_nothing_was_tried() {
        assert!(
            margin_lines(&margin(None), Style::PLAIN).contains("safe to the limit (1,000,000 ppm), claimed 200 ppm")
        );
        let untried = margin_lines(&Margin { cuts: 0, ..margin(None) }, Style::PLAIN);
        assert!(untried.contains("nothing was tried"), "{untried}");
        assert!(margin_lines(&margin(breach(0)), Style::PLAIN).contains("unsafe without it"));
    }

    #[test]
    fn programs_get_one_object() {
        assert_eq!(
            margin_json(&margin(breach(31_000))),
            r#"{"scenario":"fast/partition","variant":"default","seeds":"1..=5","dial":"clock-drift","unit":"ppm","safe_to":30900,"unsafe_from":31000,"limit":1000000,"claimed":200,"by_theory":1000,"below_claim":false,"class":"lease-invariant","check":"one-lease","seed":3,"message":"two leases","runs":70,"cuts":350}"#
        );
    }
}
