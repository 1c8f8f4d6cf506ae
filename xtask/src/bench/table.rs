//! What was measured beside what was to be reached.

use anyhow::{Result, bail};

use crate::processes::Interrupted;

#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    measured: String,
    /// What was to be reached, and whether it was.
    target: Option<(String, bool)>,
}

impl Table {
    /// Something without a target, which explains the others.
    pub fn note(&mut self, what: &str, measured: String) {
        self.add(what, measured, None);
    }

    /// Something that must not be more than `limit`.
    pub fn at_most(&mut self, what: &str, measured: f64, limit: f64, unit: &str) {
        let told = |value| format!("{} {unit}", number(value)).trim_end().to_owned();
        let target = (format!("at most {}", told(limit)), measured <= limit);
        self.add(what, told(measured), Some(target));
    }

    /// Something that must not be less than `limit`.
    pub fn at_least(&mut self, what: &str, measured: f64, limit: f64, unit: &str) {
        let told = |value| format!("{} {unit}", number(value)).trim_end().to_owned();
        let target = (format!("at least {}", told(limit)), measured >= limit);
        self.add(what, told(measured), Some(target));
    }

    /// Something that must not grow with what it serves.
    pub fn equal(&mut self, what: &str, measured: f64, other: f64) {
        let target = (format!("equal to {}", number(other)), measured == other);
        self.add(what, number(measured), Some(target));
    }

    /// What was measured; an error is a target missed, and other measurements go on. Only an
    /// interruption ends the whole.
    pub fn take<T>(&mut self, what: &str, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(measured) => Ok(Some(measured)),
            Err(error) if error.is::<Interrupted>() => Err(error),
            Err(error) => {
                println!("    {what}: {error:#}");
                let target = Some(("to be measured".to_owned(), false));
                self.add(what, "failed".to_owned(), target);
                Ok(None)
            }
        }
    }

    fn add(&mut self, what: &str, measured: String, target: Option<(String, bool)>) {
        println!("    {what}: {measured}");
        self.rows.push(Row {
            what: what.to_owned(),
            measured,
            target,
        });
    }

    /// Prints the whole, and fails when something was missed.
    pub fn finish(self) -> Result<()> {
        println!();
        line(["what", "measured", "to reach", ""]);
        for row in &self.rows {
            let (target, word) = row.verdict();
            line([&row.what, &row.measured, target, word]);
        }
        self.fail_if_missed()
    }

    /// The same beside what another build reached, which nothing is expected of.
    pub fn finish_beside(self, before: &Self) -> Result<()> {
        println!();
        line_beside(["what", "before", "measured", "to reach", ""]);
        for row in &self.rows {
            let (target, word) = row.verdict();
            let before = before.measured(&row.what);
            line_beside([&row.what, before, &row.measured, target, word]);
        }
        self.fail_if_missed()
    }

    /// What was measured under this name, or nothing.
    fn measured(&self, what: &str) -> &str {
        let row = self.rows.iter().find(|row| row.what == what);
        row.map_or("", |row| row.measured.as_str())
    }

    fn fail_if_missed(&self) -> Result<()> {
        let missed = |row: &&Row| row.target.as_ref().is_some_and(|(_, reached)| !reached);
        match self.rows.iter().filter(missed).count() {
            0 => Ok(()),
            missed => bail!("{missed} of the targets missed, see the table"),
        }
    }
}

impl Row {
    /// What was to be reached, and a word on whether it was.
    fn verdict(&self) -> (&str, &str) {
        match &self.target {
            None => ("", ""),
            Some((target, true)) => (target, "ok"),
            Some((target, false)) => (target, "MISSED"),
        }
    }
}

fn line([what, measured, target, word]: [&str; 4]) {
    println!("{what:<62} {measured:>16}   {target:<18} {word}");
}

fn line_beside([what, before, measured, target, word]: [&str; 5]) {
    println!("{what:<62} {before:>12} {measured:>12}   {target:<18} {word}");
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// The smallest of the values that `share` of them do not exceed.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(place.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        for (share, value) in [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            assert_eq!(percentile(&values, share), value);
        }
        assert_eq!(percentile(&[], 0.5), 0.0);
    }

    #[test]
    fn what_is_missed_fails_the_whole() {
        let mut table = Table::default();
        table.note("time", "5 s".to_owned());
        table.at_most("requests", 250.0, 250.0, "");
        assert!(table.finish().is_ok());
        let mut table = Table::default();
        table.at_most("requests", 250.5, 250.0, "");
        assert!(table.finish().is_err());
        let mut table = Table::default();
        table.at_least("answers", 1000.0, 1000.0, "/s");
        table.equal("statements", 5.0, 5.0);
        assert!(table.finish().is_ok());
        let mut table = Table::default();
        table.at_least("answers", 999.0, 1000.0, "/s");
        assert!(table.finish().is_err());
        let mut table = Table::default();
        table.equal("statements", 6.0, 5.0);
        assert!(table.finish().is_err());
    }

    #[test]
    fn what_could_not_be_measured_is_missed_and_lets_the_rest_go_on() {
        let mut table = Table::default();
        assert_eq!(table.take("pages", Ok(5)).unwrap(), Some(5));
        assert!(table.fail_if_missed().is_ok());
        let broken = table.take::<f64>("lists", Err(anyhow::anyhow!("no answer")));
        assert_eq!(broken.unwrap(), None);
        assert!(table.fail_if_missed().is_err());
        assert!(table.take::<()>("rest", Err(Interrupted.into())).is_err());
    }

    #[test]
    fn another_builds_figures_are_found_by_name_and_fail_nothing() {
        let mut before = Table::default();
        before.at_most("time", 9.0, 5.0, "s");
        assert_eq!(before.measured("time"), "9 s");
        assert_eq!(before.measured("size"), "");
        let mut table = Table::default();
        table.at_most("time", 4.0, 5.0, "s");
        assert!(table.finish_beside(&before).is_ok());
    }
}
