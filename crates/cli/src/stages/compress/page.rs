//! The page of a compressed run.

use tenure_compress::{Compressed, Step};
use tenure_evaluate::Estimate;
use tenure_report::{Compression, CompressionGate, CompressionStep, ReportError, StepQuality, render_compression};

/// What every step costs, as a page for the run's folder.
pub fn page(made: &Compressed, run: &str) -> Result<String, ReportError> {
    let gate = |gate: &tenure_compress::Gate| CompressionGate {
        name: gate.gate.to_owned(),
        bound: gate.bound,
        found: gate.found,
        passed: gate.passed,
    };
    render_compression(&Compression {
        run: run.to_owned(),
        shape: made.shape.clone(),
        n_rows: made.n_rows,
        steps: made.steps.iter().map(step).collect(),
        gates: made.gates.iter().map(gate).collect(),
        facts: facts(made),
    })
}

fn step(step: &Step) -> CompressionStep {
    let mut qualities = Vec::new();
    if let Some(churn) = &step.churn {
        qualities.push(StepQuality {
            metric: "AUC",
            estimate: Estimate { value: churn.auc, interval: churn.auc_interval },
            against_teacher: churn.against_teacher.first().map(|auc| auc.difference.clone()),
        });
    }
    if let Some(value) = &step.value {
        qualities.push(StepQuality {
            metric: "normalized Gini",
            estimate: Estimate { value: value.normalized_gini, interval: value.gini_interval },
            against_teacher: value.against_teacher.first().map(|gini| gini.difference.clone()),
        });
    }
    CompressionStep {
        name: step.name.to_owned(),
        size_bytes: step.size_bytes as u64,
        single_us: step.latency.single_us,
        batch_us: step.latency.batch_us,
        is_shipped: step.is_shipped,
        qualities,
    }
}

/// Sentences below the headline.
fn facts(made: &Compressed) -> Vec<String> {
    let parity = &made.parity;
    let mut facts = vec![format!(
        "On all {} rows of the fold the student in single precision answers as it did in the trainer, probabilities within \
         {:.1e}.",
        parity.n_rows, parity.max_probability_gap
    )];
    facts.extend(made.awareness.map(|awareness| {
        let verdict = if awareness.is_kept { "it is shipped" } else { "it is not shipped" };
        format!(
            "Trained on while rounded, the student answers {:.1e} nats a validation row from the teacher, {:.1e} by rounding \
             alone: {verdict}.",
            awareness.aware, awareness.post_training
        )
    }));
    facts
}
