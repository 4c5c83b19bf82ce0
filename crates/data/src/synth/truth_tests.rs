//! What is made has the moments that its parameters promise, within four standard errors.

use tenure_config::SyntheticKind;
use tenure_table::{MISSING_CODE, Span};

use super::chunk::Maker;
use super::columns::{Cells, MadeColumn};
use super::flat::FlatPopulation;
use super::options::test_options;
use super::population::{Customer, Population, SPEND};
use super::purchases::{Line, lines};
use super::truth::{Truth, truth};
use super::{SynthFormat, SynthOptions, generate, make_events};
use crate::Silent;

const N_CUSTOMERS: u64 = 20_000;

/// Panics unless the mean of `values` is within four standard errors of `expected`.
fn assert_mean(what: &str, values: &[f64], expected: f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let standard_errors = (mean - expected) / (deviation / n.sqrt());
    assert!(
        standard_errors.abs() < 4.0,
        "{what}: expected {expected}, found {mean}, {standard_errors} standard errors off"
    );
}

struct Made {
    customer: Customer,
    lines: Vec<Line>,
    truth: Truth,
}

impl Made {
    /// Purchases and their money at or after the truth's reference.
    fn holdout(&self, options: &SynthOptions) -> (f64, f64) {
        let bought = self.lines.iter().filter(|l| l.amount > 0.0 && l.time_us >= options.reference().0);
        bought.fold((0.0, 0.0), |sum, line| (sum.0 + 1.0, sum.1 + line.amount))
    }
}

fn make(options: &SynthOptions) -> Vec<Made> {
    let population = Population::new(options);
    let from_day = (options.reference() - options.start).as_days() as usize;
    let make = |number| {
        let (customer, mut rng) = population.customer(number);
        let mut own = Vec::new();
        lines(&population, &customer, options.start, &mut rng, &mut own);
        let truth = truth(&customer, &population.season, from_day, options.horizon.as_days() as usize);
        Made { customer, lines: own, truth }
    };
    (0..options.n_customers).map(make).collect()
}

#[test]
fn rates_have_the_promised_means_and_effects() {
    let options = test_options(N_CUSTOMERS);
    let population = Population::new(&options);
    let customers: Vec<_> = (0..N_CUSTOMERS).map(|number| population.customer(number).0).collect();
    let of = |f: fn(&Customer) -> f64| customers.iter().map(f).collect::<Vec<_>>();
    assert_mean("lambda times span", &of(|c| c.lambda_per_day * 730.0), options.mean_events);
    assert_mean("mu times span", &of(|c| c.mu_per_day * 730.0), 1.4);
    assert_mean("mean amount", &of(|c| SPEND.0 / c.nu), 40.0);
    let logs = |plan, f: fn(&Customer) -> f64| customers.iter().filter(|c| c.plan == plan).map(f).collect::<Vec<_>>();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let basic = mean(&logs(0, |c| c.lambda_per_day.ln()));
    assert_mean("premium's effect on log lambda", &logs(2, |c| c.lambda_per_day.ln()), basic + 0.6);
    let basic = mean(&logs(0, |c| c.mu_per_day.ln()));
    assert_mean("premium's effect on log mu", &logs(2, |c| c.mu_per_day.ln()), basic - 0.9);
}

#[test]
fn the_horizon_turns_out_as_the_truth_expects() {
    let options = test_options(N_CUSTOMERS);
    let made = make(&options);
    let differences = |f: &dyn Fn(&Made) -> f64| made.iter().map(f).collect::<Vec<_>>();
    let reference_days = (options.reference() - options.start).as_days();
    let survival = |c: &Customer| (-c.mu_per_day * (reference_days - c.arrival_days)).exp();
    let alive = differences(&|m| f64::from(u8::from(m.truth.alive)) - survival(&m.customer));
    assert_mean("alive at the reference", &alive, 0.0);
    let purchases = differences(&|m| m.holdout(&options).0 - m.truth.expected_purchases);
    assert_mean("purchases in the horizon", &purchases, 0.0);
    let value = differences(&|m| m.holdout(&options).1 - m.truth.expected_value);
    assert_mean("money in the horizon", &value, 0.0);
    let churned = differences(&|m| f64::from(u8::from(m.holdout(&options).0 == 0.0)) - m.truth.churn_probability);
    assert_mean("churn in the horizon", &churned, 0.0);
    let n_alive = made.iter().filter(|m| m.truth.alive).count() as f64;
    assert!((0.2..0.8).contains(&(n_alive / N_CUSTOMERS as f64)), "{n_alive} alive");
}

#[test]
fn churn_probabilities_are_calibrated_in_every_fifth() {
    let options = test_options(N_CUSTOMERS);
    let mut alive: Vec<_> = make(&options).into_iter().filter(|made| made.truth.alive).collect();
    alive.sort_by(|a, b| a.truth.churn_probability.total_cmp(&b.truth.churn_probability));
    for fifth in alive.chunks(alive.len() / 5 + 1) {
        let off = |m: &Made| f64::from(u8::from(m.holdout(&options).0 == 0.0)) - m.truth.churn_probability;
        assert_mean("churn in a fifth", &fifth.iter().map(off).collect::<Vec<_>>(), 0.0);
    }
}

#[test]
fn purchases_follow_the_weekday() {
    let options = test_options(5_000);
    let mut by_weekday = [0.0_f64; 7];
    for line in make(&options).iter().flat_map(|made| &made.lines).filter(|line| line.amount > 0.0) {
        by_weekday[crate::events::parts(line.time_us)[1] as usize] += 1.0;
    }
    // Saturday's intensity is 1.25 / 0.85 times Sunday's, but first purchases come on any day.
    let ratio = by_weekday[5] / by_weekday[6];
    assert!((1.3..1.5).contains(&ratio), "Saturday to Sunday {ratio}");
}

#[test]
fn the_customer_table_churns_as_its_truth_says_and_hides_an_exclusive_or() {
    let population = FlatPopulation::new(&SynthOptions { kind: SyntheticKind::Customers, ..test_options(1) });
    let customers: Vec<_> = (0..N_CUSTOMERS).map(|number| population.customer(number)).collect();
    let label = |churned: bool| f64::from(u8::from(churned));
    let off: Vec<_> = customers.iter().map(|c| label(c.churned) - c.churn_probability).collect();
    assert_mean("churn of the customer table", &off, 0.0);
    let rate = |keep: &dyn Fn(bool, bool) -> bool| {
        let kept: Vec<_> = customers.iter().filter(|c| keep(c.discount, c.logins_30d > 8.0)).collect();
        kept.iter().map(|c| label(c.churned)).sum::<f64>() / kept.len() as f64
    };
    let alone = rate(&|discount, _| discount) - rate(&|discount, _| !discount);
    let together = rate(&|discount, often| discount != often) - rate(&|discount, often| discount == often);
    assert!(alone.abs() < 0.08 && together > 0.2, "discount alone {alone}, with logins {together}");
    let overall = rate(&|_, _| true);
    assert!((0.2..0.4).contains(&overall), "{overall} churn");
}

#[test]
fn chunks_and_sizes_change_no_customer() {
    for kind in [SyntheticKind::Events, SyntheticKind::Customers] {
        let options = SynthOptions { kind, dirty: 0.2, missing: 0.1, ..test_options(300) };
        let maker = Maker::new(&options);
        let whole = maker.chunk(0..300).tables;
        let (mut parts, rest) = (maker.chunk(0..77).tables, maker.chunk(77..300).tables);
        let longer = Maker::new(&SynthOptions { n_customers: 10_000, ..options.clone() }).chunk(0..300).tables;
        for (table, more) in parts.iter_mut().zip(rest) {
            table.iter_mut().zip(more).for_each(|(column, more)| column.append(more));
        }
        // As text, because NaN is not equal to itself.
        let text = |tables: &[Vec<MadeColumn>]| tables.iter().map(|t| super::text::rows(t)).collect::<String>();
        assert_eq!(text(&parts), text(&whole));
        assert_eq!(text(&longer), text(&whole));
    }
}

#[test]
fn holes_have_their_share_and_spare_id_and_consent() {
    let options = SynthOptions { missing: 0.1, ..test_options(N_CUSTOMERS) };
    let clean = Maker::new(&SynthOptions { missing: 0.0, ..options.clone() }).chunk(0..N_CUSTOMERS).tables.remove(1);
    let holed = Maker::new(&options).chunk(0..N_CUSTOMERS).tables.remove(1);
    for (column, clean) in holed.iter().zip(&clean) {
        let holes: Vec<f64> = match (&column.cells, &clean.cells) {
            (Cells::Number(values), Cells::Number(clean)) => {
                assert!(values.iter().zip(clean).all(|(v, c)| v.is_nan() || v == c), "{}", column.name);
                values.iter().map(|v| f64::from(u8::from(v.is_nan()))).collect()
            }
            (Cells::Level(codes, _), _) => codes.iter().map(|&c| f64::from(u8::from(c == MISSING_CODE))).collect(),
            _ => continue,
        };
        match column.name.as_ref() {
            "consent" => assert_eq!(holes.iter().sum::<f64>(), 0.0),
            name => assert_mean(name, &holes, 0.1),
        }
    }
}

#[test]
fn files_are_the_same_with_any_number_of_threads_and_hold_what_the_summary_counts() {
    for kind in [SyntheticKind::Events, SyntheticKind::Customers] {
        let options = SynthOptions { kind, dirty: 0.05, missing: 0.02, ..test_options(40_000) };
        let options = SynthOptions { mean_events: 2.0, ..options };
        let write = |n_threads| {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads start");
            let summary = pool.install(|| generate(&options, dir.path(), &mut Silent)).expect("files are written");
            let read = |path: &std::path::Path| std::fs::read_to_string(path).expect("the file is there");
            let files = [Some(&summary.data), summary.attributes.as_ref(), Some(&summary.truth)];
            let texts: Vec<_> = files.into_iter().flatten().map(|path| read(path)).collect();
            let n_files = std::fs::read_dir(dir.path()).expect("the folder is there").count();
            assert_eq!(n_files, texts.len(), "nothing temporary is left");
            (texts, summary.counts)
        };
        let (texts, counts) = write(1);
        assert!(write(3) == (texts.clone(), counts), "three threads wrote something else");
        assert_eq!(texts[0].lines().count() as u64, counts.n_rows + 1);
        assert_eq!(texts[texts.len() - 1].lines().count() as u64, counts.n_customers + 1);
        assert!(counts.dirt.missing_ids > 0 && counts.dirt.repeated_rows > 0 && counts.dirt.missing_values > 0);
        assert_eq!(counts.dirt.unreadable_times > 0, kind == SyntheticKind::Events);
    }
}

#[test]
fn the_log_in_memory_is_the_log_on_disk() {
    let options = SynthOptions { format: SynthFormat::Csv, ..test_options(50) };
    let made = make_events(&options).expect("options are good");
    let on_disk = Maker::new(&options).chunk(0..50);
    assert_eq!(made.log.n_rows() as u64, on_disk.counts.n_rows);
    let Cells::Time(times) = &on_disk.tables[0][1].cells else { panic!("clean times are typed") };
    assert_eq!(made.range.last.0, *times.iter().max().expect("has events"));
    assert!(made.range.last < options.start + options.span && made.range.first >= options.start);
    assert_eq!(made.attributes.len(), on_disk.tables[1].len());
    assert_eq!(made.range.resolution, Span::SECOND);
}
