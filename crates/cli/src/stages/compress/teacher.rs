//! What a fold's networks say, as its run tells it.

use std::time::Instant;

use tenure_artifact::bundle::Forecast;
use tenure_compress::Teacher as TeacherCost;
use tenure_encode::Dataset;
use tenure_table::Values;
use tenure_train::{Teacher, TeacherForecast, TeacherValue};

use crate::failure::Failure;
use crate::stages::finished::FinishedFold;
use crate::stages::value::forecast::LEAST_OFFSET;
use crate::stages::value::learn::cutoffs;
use crate::stages::value::pool::Pooling;

/// The fold's networks as a teacher, with the forecasts that they correct.
pub struct Lecture<'a> {
    fold: &'a FinishedFold,
    /// Of training, validation, test and unlabelled rows; none where the networks predict money themselves.
    forecast: Option<[Vec<f64>; 4]>,
}

/// What the teacher says, as its run tells it.
pub struct Said {
    /// Calibrated probabilities of churn of the test rows; empty where churn is not predicted.
    pub churn: Vec<f64>,
    /// Calibrated probabilities of churn of the validation rows.
    pub churn_of_validation: Vec<f64>,
    /// Expected values of the test rows, the lowest pooled; empty where value is not predicted.
    pub value: Vec<f64>,
    /// Expected values of the validation rows, none pooled.
    pub value_of_validation: Vec<f64>,
    /// Expected values of the unlabelled rows, none pooled.
    pub value_of_unlabelled: Vec<f64>,
    /// The share of a cutoff's rows that is pooled.
    pub pooled_share: f64,
    /// What saying it cost.
    pub teacher: TeacherCost,
}

impl<'a> Lecture<'a> {
    /// Gathers the forecasts of the fold's rows.
    pub fn of(fold: &'a FinishedFold) -> Self {
        let partition = &fold.partition;
        let of_rows = |forecast: &Vec<f64>| {
            [&partition.train, &partition.validation, &partition.test, &fold.unlabelled_rows]
                .map(|rows| rows.iter().map(|&row| forecast[row as usize]).collect())
        };
        let forecast = fold.value.as_ref().and_then(|value| value.forecast.as_ref());
        Self { fold, forecast: forecast.map(of_rows) }
    }

    /// Whether the student cannot read the forecast that the networks correct.
    pub fn learns_hidden_forecast(&self) -> bool {
        self.forecast.is_some() && self.fold.value.as_ref().is_some_and(|value| value.forecast_input.is_none())
    }

    /// The raw column that the student's answers are multiplied by, where it can read the forecast that is corrected. The
    /// floor is that of the last cutoff that teaches; a missing forecast is that cutoff's mean.
    pub fn carried_forecast(&self) -> Option<Forecast> {
        let column = self.fold.value.as_ref()?.forecast_input?;
        let (table, partition) = (&self.fold.loaded.table, &self.fold.partition);
        let known = [partition.train.as_slice(), &partition.validation, &self.fold.unlabelled_rows].concat();
        let cutoffs = cutoffs(table, &known);
        let last = cutoffs.iter().max()?;
        let Values::Numeric(forecasts) = &table.column(&self.fold.preprocessor.inputs[column].name)?.values else {
            return None;
        };
        let latest = known.iter().zip(&cutoffs).filter(|(_, cutoff)| *cutoff == last);
        let latest: Vec<f64> = latest.map(|(&row, _)| f64::from(forecasts[row as usize])).collect();
        let mean = latest.iter().sum::<f64>() / latest.len().max(1) as f64;
        Some(Forecast { column, least: LEAST_OFFSET * mean, missing: mean })
    }

    /// The networks with all that stands between them and their answers.
    pub fn teacher(&self) -> Teacher<'_> {
        let value = self.fold.value.as_ref().map(|value| TeacherValue {
            weight: value.level.weight,
            scale: value.level.scale,
            forecast: self.forecast.as_ref().map(|[train, validation, _, unlabelled]| TeacherForecast {
                train,
                validation,
                unlabelled,
                is_carried: value.forecast_input.is_some(),
            }),
        });
        Teacher { networks: &self.fold.trained, churn: self.fold.calibration.as_ref(), value }
    }

    /// What the networks say of test rows, and of the values of validation rows.
    pub fn said(&self) -> Result<Said, Failure> {
        let fold = self.fold;
        let [_, validation, test, unlabelled] = match &self.forecast {
            Some(forecast) => forecast.each_ref().map(|rows| Some(rows.as_slice())),
            None => [None; 4],
        };
        let clock = Instant::now();
        let churn = self.churn(&fold.test)?;
        let value = self.values(&fold.test, test)?;
        let batch_us = clock.elapsed().as_secs_f64() * 1e6 / fold.test.n_rows().max(1) as f64;
        let pooling = Pooling { share: fold.value.as_ref().map_or(0.0, |value| value.level.pooled_share) };
        let cutoffs = cutoffs(&fold.loaded.table, &fold.partition.test);
        let n_weights: usize = fold.trained.networks().iter().map(|network| network.spec().n_weights()).sum();
        Ok(Said {
            churn,
            churn_of_validation: self.churn(&fold.validation)?,
            value: if value.is_empty() { value } else { pooling.apply(&value, &cutoffs) },
            value_of_validation: self.values(&fold.validation, validation)?,
            value_of_unlabelled: self.values(&fold.unlabelled, unlabelled)?,
            pooled_share: pooling.share,
            teacher: TeacherCost { size_bytes: 4 * n_weights, batch_us },
        })
    }

    /// Calibrated probabilities of churn; empty where it is not predicted.
    fn churn(&self, rows: &Dataset) -> Result<Vec<f64>, Failure> {
        let Some(map) = &self.fold.calibration else { return Ok(Vec::new()) };
        Ok(self.fold.trained.predict(rows)?.into_iter().map(|p| map.apply(p)).collect())
    }

    /// Expected values in money; empty where value is not predicted.
    fn values(&self, rows: &Dataset, forecast: Option<&[f64]>) -> Result<Vec<f64>, Failure> {
        let Some(value) = self.teacher().value else { return Ok(Vec::new()) };
        let said = self.fold.trained.predict_values(rows, &[])?.pop().expect("a value network has a horizon");
        let money = |(row, expected): (usize, &f64)| value.money(*expected, forecast.map(|forecast| forecast[row]));
        Ok(said.expected.iter().enumerate().map(money).collect())
    }
}
