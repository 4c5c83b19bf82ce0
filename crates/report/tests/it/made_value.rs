//! Made results of a value run: customers with a known expected value, judged by the evaluate crate as a run would.

use tenure_evaluate::{
    Bootstrap, Estimate, Interval, Pit, Targeting, ValueMetric, ValueSettings, ValueSliceSettings, Valued, defined_for,
    evaluate_value, slice_values_by, spread_values,
};
use tenure_report::value::{
    AliveGrid, CustomerBase, DistributionFacts, ExpectedTransactions, FitFacts, FittedParameter, HorizonFacts,
    Tracking, ValueBaseline, ValueImportance, ValueJudgement, ValueResults, ValueTarget,
};
use tenure_report::{DependenceShape, FORMAT, GateOutcome, RunFacts, TrainingFacts};

use crate::made::{self, Noise, START, Size};

/// A value run over an event log.
pub(crate) fn results(size: Size) -> ValueResults {
    let customers = Customers::new(size.n_rows);
    let network = "TabM (full), 32 members, 3 × 256, zero-inflated log-normal head".to_owned();
    ValueResults {
        format: FORMAT,
        run: RunFacts {
            name: "cdnow-clv".to_owned(),
            id: "cdnow-clv-20261122T020000Z-77aa01bc".to_owned(),
            task: "clv".to_owned(),
            started_at: "2026-11-22T02:00:00Z".to_owned(),
            command: "tenure rerun runs/cdnow-clv-20261122T020000Z-77aa01bc".to_owned(),
        },
        data: made::data(size),
        suspects: Vec::new(),
        partitions: made::partitions(size),
        timeline: Some(made::timeline(size)),
        retention: Some(made::retention(size)),
        target: ValueTarget { quantity: "spend".to_owned(), unit: "USD".to_owned(), horizon: "273 days".to_owned() },
        training: TrainingFacts { network, ..made::training(size) },
        fits: fits(),
        judgement: judgement(&customers, size),
        base: base(),
        churn: None,
        dependence: dependence(),
        gates: vec![GateOutcome {
            gate: "gates.min_normalized_gini".to_owned(),
            bound: 0.9,
            found: 0.6891,
            passed: false,
        }],
        config: made::config(),
        environment: made::environment(),
        caveats: vec![
            "Spend is what the log says: returns and margins are not in it, so a value is turnover and not profit."
                .to_owned(),
        ],
    }
}

/// Made customers: a chance of buying and a log-normal amount that follow one latent, and what models make of it.
struct Customers {
    predicted: Vec<f64>,
    by_seed: [Vec<f64>; 3],
    pareto_nbd: Vec<f64>,
    naive: Vec<f64>,
    last_period: Vec<f64>,
    actual: Vec<f64>,
    /// F(y−) and F(y) under the truth, its spread taken a little too small.
    below: Vec<f64>,
    at: Vec<f64>,
    cohort: Vec<&'static str>,
    channel: Vec<&'static str>,
}

const SIGMA: f64 = 0.8;

impl Customers {
    fn new(n_rows: usize) -> Self {
        let mut noise = Noise(21);
        let empty = || Vec::with_capacity(n_rows);
        let mut made = Self {
            predicted: empty(),
            by_seed: [empty(), empty(), empty()],
            pareto_nbd: empty(),
            naive: empty(),
            last_period: empty(),
            actual: empty(),
            below: empty(),
            at: empty(),
            cohort: Vec::new(),
            channel: Vec::new(),
        };
        for _ in 0..n_rows {
            made.push(&mut noise);
        }
        made
    }

    fn push(&mut self, noise: &mut Noise) {
        let latent = noise.normal();
        let p_buys = 1.0 / (1.0 + (1.0 - 1.3 * latent).exp());
        let mu = 3.6 + 0.45 * latent;
        let expected = |shift: f64| p_buys * (mu + shift + 0.5 * SIGMA * SIGMA).exp();
        let z = noise.normal();
        let bought = noise.uniform() < p_buys;
        self.actual.push(if bought { (mu + SIGMA * z).exp() } else { 0.0 });
        let told = 1.0 - p_buys + p_buys * logistic_cdf(z * SIGMA / 0.72);
        self.below.push(if bought { told } else { 0.0 });
        self.at.push(if bought { told } else { 1.0 - p_buys });
        self.predicted.push(expected(0.12 * noise.normal()));
        for by_seed in &mut self.by_seed {
            by_seed.push(expected(0.2 * noise.normal()));
        }
        self.pareto_nbd.push(0.9 * expected(0.55 * noise.normal()));
        let history = (1.6 * latent + 0.9 * noise.normal() - 0.4).max(0.0);
        self.naive.push((history * 40.0).round());
        self.last_period.push(if noise.uniform() < 0.25 { (history * 60.0).round() } else { 0.0 });
        self.cohort.push(made::pick(&["1997-01", "1997-02", "1997-03"], noise.uniform().sqrt()));
        self.channel.push(if latent > 0.6 {
            "catalogue"
        } else {
            made::pick(&["web", "store", "phone"], noise.uniform())
        });
    }
}

/// Close to the normal distribution function (Bowling et al. 2009), and the same on every machine.
fn logistic_cdf(z: f64) -> f64 {
    1.0 / (1.0 + (-(0.070_56 * z * z * z + 1.597_6 * z)).exp())
}

fn judgement(customers: &Customers, size: Size) -> ValueJudgement {
    let bootstrap = Bootstrap { resamples: size.resamples, confidence: 0.95, seed: 1 };
    let targeting = Some(Targeting { contact_cost: 4.0, margin: 0.3 });
    let settings = ValueSettings { bootstrap, max_points: 200, targeting };
    let model = Valued::new(&customers.predicted, &customers.actual, None).expect("made rows are sound");
    let with = |predicted: &[f64]| model.with_predictions(predicted).expect("made rows are sound");
    let baseline = |name: &str, description: &str, predicted: &[f64]| {
        let valued = with(predicted);
        let (defined, _) = defined_for(&ValueMetric::COMPARED, &[&model, &valued]);
        ValueBaseline {
            name: name.to_owned(),
            description: description.to_owned(),
            evaluation: evaluate_value(&valued, &settings).expect("made rows are sound"),
            comparisons: bootstrap.compare_values(&model, &valued, &defined).expect("the same rows"),
        }
    };
    let slices = ValueSliceSettings { bootstrap, min_rows: 12 };
    let by = |column: &str, levels: &[&str]| {
        let levels: Vec<Option<&str>> = levels.iter().map(|&level| Some(level)).collect();
        slice_values_by(&model, column, &levels, &slices).expect("made levels are sound")
    };
    let seeds: Vec<Valued> = customers.by_seed.iter().map(|predicted| with(predicted)).collect();
    let pit = Pit::new(&customers.below, &customers.at, None).expect("made probabilities are sound");
    let evaluation = evaluate_value(&model, &settings).expect("made rows are sound");
    ValueJudgement {
        baselines: vec![
            baseline("naive rate", "Past repeat spend per week, continued over the horizon", &customers.naive),
            baseline("last period", "What was spent in the last window as long as the horizon", &customers.last_period),
            baseline("zero", "Nobody buys again", &vec![0.0; size.n_rows]),
            baseline("Pareto/NBD + Gamma-Gamma", "Schmittlein et al. 1987; Fader et al. 2005", &customers.pareto_nbd),
        ],
        distribution: Some(DistributionFacts {
            pit: pit.histogram(20).expect("bins"),
            coverage: [0.5, 0.8, 0.95].map(|nominal| pit.coverage(nominal, 0.95).expect("sound")).to_vec(),
        }),
        seeds: spread_values(
            &seeds.iter().collect::<Vec<_>>(),
            &[ValueMetric::NormalizedGini, ValueMetric::Spearman, ValueMetric::Rmse, ValueMetric::TotalRatio],
        )
        .expect("defined"),
        horizons: vec![
            HorizonFacts { horizon: "90 days".to_owned(), metrics: evaluation.metrics.clone() },
            HorizonFacts { horizon: "273 days".to_owned(), metrics: evaluation.metrics.clone() },
        ],
        cohorts: Some(by("first purchase", &customers.cohort)),
        slices: vec![by("channel", &customers.channel)],
        importance: importance(size),
        model: evaluation,
    }
}

fn importance(size: Size) -> Vec<ValueImportance> {
    let one = |i: usize| {
        let value = 0.11 * 0.68_f64.powf(i as f64);
        let half = 0.004 + 0.05 * value;
        let (low, high) = (value - half, value + half);
        let interval = Interval { low, high, standard_error: half / 2.0, confidence: 0.95, resamples: 200 };
        ValueImportance { feature: made::name(i), gini_loss: Estimate { value, interval: Some(interval) } }
    };
    (0..size.n_features).map(one).collect()
}

fn dependence() -> Vec<tenure_report::PartialDependence> {
    let point = |mean: f64| tenure_evaluate::DependencePoint { mean, low: 0.4 * mean, high: 1.9 * mean };
    let values: Vec<f64> = (0..=20).map(|k| 2.0 * f64::from(k)).collect();
    vec![tenure_report::PartialDependence {
        feature: "frequency".to_owned(),
        shape: DependenceShape::Numeric {
            points: values.iter().map(|v| point(12.0 + 4.5 * v.sqrt() * 3.0)).collect(),
            edges: values.clone(),
            counts: (0..20).map(|k: u64| 800 / (k + 1)).collect(),
            values,
        },
    }]
}

fn fits() -> Vec<FitFacts> {
    let parameter = |name: &str, value: f64, standard_error: f64| FittedParameter {
        name: name.to_owned(),
        value,
        standard_error: Some(standard_error),
    };
    vec![FitFacts {
        model: "Pareto/NBD".to_owned(),
        n_customers: 2_357,
        log_likelihood: -9_594.976,
        convergence: "Converged in 11 steps.".to_owned(),
        parameters: vec![
            parameter("r", 0.553_15, 0.047_6),
            parameter("alpha", 10.576_33, 0.842),
            parameter("s", 0.606_25, 0.187),
            parameter("beta", 11.671_5, 6.21),
        ],
    }]
}

/// A grid by a formula with the shape of Pareto/NBD's, and weeks with a peak before Christmas.
fn base() -> CustomerBase {
    let frequency: Vec<u32> = (0..=14).collect();
    let recency: Vec<f64> = (0..=38).map(f64::from).collect();
    let alive = |x: u32, t_x: f64| {
        let idle = 38.0 - t_x;
        let possible = (x == 0) == (t_x == 0.0);
        possible.then(|| 1.0 / (1.0 + 0.3 * ((1.0 + idle / 11.0).powf(f64::from(x) + 0.6) - 0.2).max(0.0)))
    };
    let p_alive = frequency.iter().map(|&x| recency.iter().map(|&t| alive(x, t)).collect()).collect();
    let n_weeks = 78;
    let rate = |week: usize| {
        let joined = (week as f64 / 12.0).min(1.0);
        62.0 * joined * (-(week as f64) / 90.0).exp() + 8.0 * joined
    };
    let mut noise = Noise(4);
    let actual = (0..n_weeks).map(|week| {
        let season = if week % 52 == 50 { 1.5 } else { 1.0 };
        (season * rate(week) * (1.0 + 0.12 * noise.normal())).round().max(0.0)
    });
    CustomerBase {
        alive: Some(AliveGrid {
            model: "Pareto/NBD".to_owned(),
            unit: "weeks".to_owned(),
            age: 38.0,
            frequency,
            recency,
            p_alive,
        }),
        tracking: Some(Tracking {
            start: made::day(START),
            n_calibration_weeks: 39,
            actual: actual.collect(),
            expected: vec![
                ExpectedTransactions {
                    model: "Pareto/NBD".to_owned(),
                    weekly: (0..n_weeks).map(|week| 0.97 * rate(week)).collect(),
                },
                ExpectedTransactions {
                    model: "BG/NBD".to_owned(),
                    weekly: (0..n_weeks).map(|week| 0.93 * rate(week)).collect(),
                },
            ],
        }),
    }
}
