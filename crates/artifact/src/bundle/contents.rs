//! Everything that a bundle holds, read and written.

use alloc::string::String;
use alloc::vec::Vec;

use super::answer::{self, Answer, Policy, Threshold};
use super::error::BundleError;
use super::file::{Section, Sections, assemble};
use super::network::{self, Network};
use super::reader::Reader;
use super::samples::{self, Sample};
use super::signature::{self, Signature};
use super::writer::Writer;
use super::{digest, encoders};
use crate::{Encoder, InputColumn};

/// A model with all its preprocessing. [`Bundle::to_bytes`] and [`Bundle::read`] are inverses.
///
/// ```
/// use tenure_artifact::bundle::{Answer, Bundle, Layer, Network};
/// use tenure_artifact::{Calibration, Encoder, InputColumn, Magnitude, Scale};
///
/// let scale = Scale::Robust { median: 20.0, width: 10.0 };
/// let spend = Encoder::Magnitude(Magnitude { scale, min: 0.0, max: 90.0, missing_indicator: false });
/// let bundle = Bundle {
///     inputs: vec![InputColumn::new("spend", spend)],
///     network: Some(Network {
///         n_inputs: 1,
///         category_width: 0,
///         category_table: Default::default(),
///         input_steps: Default::default(),
///         n_members: 1,
///         layers: vec![Layer::dense(&[0.7], &[-1.0], None)],
///     }),
///     answer: Answer::Churn { calibration: Calibration::Identity },
///     thresholds: vec![],
///     policy: Default::default(),
///     samples: vec![],
///     metadata: vec![("name".into(), "spend alone".into())],
///     signature: None,
/// };
/// let file = bundle.to_bytes();
/// assert_eq!(Bundle::read(&file).unwrap(), bundle);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle<'a> {
    /// Raw columns in the order of a row, and what is done with them.
    pub inputs: Vec<InputColumn>,
    /// None where segments are found in the encoded row itself.
    pub network: Option<Network<'a>>,
    /// What is answered.
    pub answer: Answer<'a>,
    /// Named thresholds of decisions.
    pub thresholds: Vec<Threshold>,
    /// What is done with unusual rows.
    pub policy: Policy,
    /// Rows with their expected scores.
    pub samples: Vec<Sample>,
    /// Names and values: the run, the data's digest, the version that wrote it.
    pub metadata: Vec<(String, String)>,
    /// Not verified by reading.
    pub signature: Option<Signature>,
}

impl<'a> Bundle<'a> {
    /// Reads and checks a file. The numbers of network and centroids stay borrowed.
    pub fn read(file: &'a [u8]) -> Result<Self, BundleError> {
        let sections = Sections::check(file)?;
        let inputs = encoders::read(sections.get(Section::Schema)?, sections.get(Section::Encoders)?)?;
        let network = match sections.find(Section::Network) {
            Some(head) => Some(network::read(head, sections.get(Section::Weights)?)?),
            None => None,
        };
        let answer = answer::read(sections.get(Section::Answer)?, sections.version())?;
        check_fit(&inputs, network.as_ref(), &answer)?;
        let bundle = Self {
            inputs,
            network,
            answer,
            thresholds: answer::read_thresholds(sections.get(Section::Thresholds)?)?,
            policy: answer::read_policy(sections.get(Section::Policy)?)?,
            samples: samples::read(sections.get(Section::Samples)?)?,
            metadata: read_metadata(sections.get(Section::Metadata)?)?,
            signature: sections.find(Section::Signature).map(signature::read).transpose()?,
        };
        Ok(bundle)
    }

    /// The file of this bundle: the same bytes for the same contents.
    ///
    /// # Panics
    /// When inputs, network and answer do not fit together.
    pub fn to_bytes(&self) -> Vec<u8> {
        check_fit(&self.inputs, self.network.as_ref(), &self.answer).expect("a bundle's parts fit together");
        let (schema, encoders) = encoders::write(&self.inputs);
        let mut sections = alloc::vec![(Section::Schema, schema), (Section::Encoders, encoders)];
        if let Some(network) = &self.network {
            let (head, body) = network::write(network);
            sections.extend([(Section::Network, head), (Section::Weights, body)]);
        }
        sections.extend([
            (Section::Answer, answer::write(&self.answer)),
            (Section::Thresholds, answer::write_thresholds(&self.thresholds)),
            (Section::Policy, answer::write_policy(self.policy)),
            (Section::Samples, samples::write(&self.samples)),
            (Section::Metadata, write_metadata(&self.metadata)),
        ]);
        sections.extend(self.signature.as_ref().map(|s| (Section::Signature, signature::write(s))));
        assemble(self.answer.version(), &sections)
    }

    /// A summary of a file for people.
    pub fn describe(file: &[u8]) -> Result<Description, BundleError> {
        let sections = Sections::check(file)?;
        let bundle = Bundle::read(file)?;
        let size = |section| sections.find(section).map(|bytes| SectionSize { section, size_bytes: bytes.len() });
        let layers = bundle.network.iter().flat_map(|network| network.member(0));
        Ok(Description {
            version: sections.version(),
            size_bytes: file.len(),
            digest: digest(&file[24..]),
            task: bundle.answer.name(),
            forecast: bundle.answer.forecast().map(|forecast| bundle.inputs[forecast.column].name.clone()),
            inputs: bundle.inputs.iter().map(|input| (input.name.clone(), input.encoder.kind())).collect(),
            n_members: bundle.network.as_ref().map_or(0, |network| network.n_members),
            layers: layers.map(|layer| (layer.n_in, layer.n_out, layer.precision())).collect(),
            thresholds: bundle.thresholds.clone(),
            policy: bundle.policy,
            n_samples: bundle.samples.len(),
            metadata: bundle.metadata.clone(),
            is_signed: bundle.signature.is_some(),
            sections: Section::WRITTEN.into_iter().filter_map(size).collect(),
        })
    }
}

/// What a bundle is, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Of the format.
    pub version: u32,
    /// Of the file.
    pub size_bytes: usize,
    /// As checked.
    pub digest: u64,
    /// `churn`, `value`, `churn+value` or `segment`.
    pub task: &'static str,
    /// The column that expected values are multiplied by.
    pub forecast: Option<String>,
    /// Columns and what is done with them.
    pub inputs: Vec<(String, &'static str)>,
    /// Networks that are averaged.
    pub n_members: usize,
    /// Inputs, outputs and precision of each layer of a member.
    pub layers: Vec<(usize, usize, &'static str)>,
    /// Named thresholds.
    pub thresholds: Vec<Threshold>,
    /// What is done with unusual rows.
    pub policy: Policy,
    /// Rows with expected scores.
    pub n_samples: usize,
    /// Names and values.
    pub metadata: Vec<(String, String)>,
    /// Whether it has a signature; verified or not.
    pub is_signed: bool,
    /// Sections in order.
    pub sections: Vec<SectionSize>,
}

/// How large a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionSize {
    /// Which.
    pub section: Section,
    /// Without alignment.
    pub size_bytes: usize,
}

/// Whether encoders, network and answer fit together.
fn check_fit(inputs: &[InputColumn], network: Option<&Network<'_>>, answer: &Answer<'_>) -> Result<(), BundleError> {
    let invalid = |section, expected, found: usize| {
        Err(BundleError::Invalid { section, offset: 0, expected, found: found as u64 })
    };
    if let Some(forecast) = answer.forecast()
        && !inputs.get(forecast.column).is_some_and(|input| input.encoder.reads_numbers())
    {
        return invalid(Section::Answer, "a forecast among the columns of numbers", forecast.column);
    }
    let (f, g, c) = inputs
        .iter()
        .map(|input| input.encoder.widths())
        .fold((0, 0, 0), |sum, width| (sum.0 + width.0, sum.1 + width.1, sum.2 + width.2));
    let width = match network {
        None if c > 0 || !matches!(answer, Answer::Segment(_)) => {
            return Err(BundleError::Missing { section: Section::Network });
        }
        None => f + g,
        Some(network) => {
            let n_levels: usize = inputs.iter().map(|input| n_levels(&input.encoder)).sum();
            let e = network.category_width;
            if c.checked_mul(e).and_then(|n| n.checked_add(f + g)) != Some(network.n_inputs) {
                return invalid(Section::Network, "as many inputs as the encoders write", network.n_inputs);
            }
            if n_levels.checked_mul(e) != Some(network.category_table.len()) {
                return invalid(Section::Network, "an embedding for each level", network.category_table.len());
            }
            network.n_outputs()
        }
    };
    if width == answer.n_outputs() {
        Ok(())
    } else {
        invalid(Section::Answer, "what the network writes is what the task needs", width)
    }
}

fn n_levels(encoder: &Encoder) -> usize {
    if let Encoder::Embedding(embedding) = encoder { embedding.n_levels() } else { 0 }
}

fn write_metadata(metadata: &[(String, String)]) -> Vec<u8> {
    let mut out = Writer::default();
    out.u32(metadata.len());
    for (name, value) in metadata {
        out.text(name);
        out.text(value);
    }
    out.into_bytes()
}

fn read_metadata(bytes: &[u8]) -> Result<Vec<(String, String)>, BundleError> {
    let mut from = Reader::new(Section::Metadata, bytes);
    let n = from.count(8)?;
    let mut metadata = Vec::with_capacity(n);
    for _ in 0..n {
        metadata.push((from.string()?, from.string()?));
    }
    from.end()?;
    Ok(metadata)
}
