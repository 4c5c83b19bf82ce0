//! A trained ensemble: it scores rows and lives in a folder.

use std::path::{Path, PathBuf};

use tenure_artifact::InputLayout;
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_model::{ChosenDevice, Device, Network};

use crate::kernels::{KernelsChoice, choose_kernels};
use crate::score::{Chunks, Scorer};
use crate::{EpochRecord, TrainError};

/// Networks of an ensemble over seeds, each with the weights of its best epoch.
#[derive(Clone, Debug)]
pub struct Trained {
    networks: Vec<Network>,
    history: Vec<EpochRecord>,
    device: Device,
    kernels: KernelsChoice,
}

impl Trained {
    pub(crate) fn new(
        networks: Vec<Network>,
        history: Vec<EpochRecord>,
        device: Device,
        kernels: KernelsChoice,
    ) -> Self {
        Self { networks, history, device, kernels }
    }

    /// What computes training steps and scores, and why.
    pub fn kernels(&self) -> &KernelsChoice {
        &self.kernels
    }

    /// Every epoch of every network, in the order of networks; empty for a model read from a folder.
    pub fn history(&self) -> &[EpochRecord] {
        &self.history
    }

    /// The networks, in the order of their seeds.
    pub fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// The probability of churn for every row: the mean over networks and members.
    ///
    /// # Shapes
    /// `N` rows → `[N]`
    pub fn predict(&self, data: &Dataset) -> Result<Vec<f64>, TrainError> {
        self.answers_churn()?;
        let chunks = self.chunks(data)?;
        let mut sum = vec![0.0; data.n_rows()];
        for network in &self.networks {
            let mut scorer = Scorer::new(network, self.kernels.used)?;
            let means = chunks.means(scorer.forward())?;
            sum.iter_mut().zip(means).for_each(|(s, p)| *s += p);
        }
        let n = self.networks.len() as f64;
        Ok(sum.into_iter().map(|s| (s / n).clamp(0.0, 1.0)).collect())
    }

    /// The probability of churn that every member of every network gives, networks one after the other.
    ///
    /// # Shapes
    /// `N` rows → per member `[N]`
    pub fn predict_members(&self, data: &Dataset) -> Result<Vec<Vec<f64>>, TrainError> {
        self.answers_churn()?;
        let chunks = self.chunks(data)?;
        let mut all = Vec::new();
        for network in &self.networks {
            let members = network.spec().backbone.members();
            let mut scorer = Scorer::new(network, self.kernels.used)?;
            let values = chunks.members(scorer.forward())?;
            let of = |member: usize| values.iter().skip(member).step_by(members).map(|p| f64::from(*p)).collect();
            all.extend((0..members).map(of));
        }
        Ok(all)
    }

    fn answers_churn(&self) -> Result<(), TrainError> {
        let has_churn = self.networks.iter().all(|network| network.spec().head.has_churn());
        if has_churn { Ok(()) } else { Err(TrainError::OtherTask { wanted: "churn" }) }
    }

    /// The rows in chunks. All networks have one description.
    pub(crate) fn chunks<'d>(&self, data: &'d Dataset) -> Result<Chunks<'d>, TrainError> {
        let spec = self.networks[0].spec();
        let (expected, found) = (spec.inputs.widths(), data.layout.widths());
        if expected != found {
            return Err(TrainError::Layout { expected, found });
        }
        check_sequence(spec.sequence.is_some(), &spec.inputs, &data.layout)?;
        Ok(Chunks::new(data, spec, &self.device, self.kernels.used))
    }

    /// Writes every network into a folder that exists.
    pub fn save(&self, dir: &Path) -> Result<(), TrainError> {
        for (i, network) in self.networks.iter().enumerate() {
            network.save(&file(dir, i))?;
        }
        Ok(())
    }

    /// Reads the networks that [`Trained::save`] wrote, to score on a device with these kernels. Those that trained them
    /// give the same bits again.
    pub fn load(dir: &Path, device: &ChosenDevice, kernels: plan::Kernels) -> Result<Self, TrainError> {
        let files = (0..).map(|i| file(dir, i)).take_while(|path| path.exists());
        let networks = files.map(|path| Network::load(&path, &device.device)).collect::<Result<Vec<_>, _>>()?;
        if networks.is_empty() {
            return Err(TrainError::NoNetworks { dir: dir.to_owned() });
        }
        let kernels = choose_kernels(kernels, networks[0].spec().sequence.is_some(), device)?;
        Ok(Self::new(networks, Vec::new(), device.device.clone(), kernels))
    }
}

/// Whether rows bring the events that a network reads.
pub(crate) fn check_sequence(reads: bool, expected: &InputLayout, found: &InputLayout) -> Result<(), TrainError> {
    if !reads || (&expected.sequence, &expected.sequence_levels) == (&found.sequence, &found.sequence_levels) {
        return Ok(());
    }
    let names = |layout: &InputLayout| layout.event_names().map(str::to_owned).collect();
    Err(TrainError::Sequence { expected: names(expected), found: names(found) })
}

fn file(dir: &Path, network: usize) -> PathBuf {
    dir.join(format!("network-{network}.weights"))
}
