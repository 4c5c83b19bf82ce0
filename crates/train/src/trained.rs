//! A trained ensemble: it scores rows and lives in a folder.

use std::path::{Path, PathBuf};

use tenure_encode::Dataset;
use tenure_model::{Device, Network};

use crate::kernels::KernelsChoice;
use crate::score::Chunks;
use crate::{EpochRecord, TrainError};

/// Networks of an ensemble over seeds, each with the weights of its best epoch.
#[derive(Clone, Debug)]
pub struct Trained {
    networks: Vec<Network>,
    history: Vec<EpochRecord>,
    device: Device,
    kernels: Option<KernelsChoice>,
}

impl Trained {
    pub(crate) fn new(
        networks: Vec<Network>,
        history: Vec<EpochRecord>,
        device: Device,
        kernels: Option<KernelsChoice>,
    ) -> Self {
        Self { networks, history, device, kernels }
    }

    /// What computed the training steps, and why; none for a model read from a folder.
    pub fn kernels(&self) -> Option<&KernelsChoice> {
        self.kernels.as_ref()
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
        let mut sum = vec![0.0; data.n_rows()];
        for network in &self.networks {
            let means = self.chunks(data, network)?.means(network)?;
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
        let mut all = Vec::new();
        for network in &self.networks {
            let members = network.spec().backbone.members();
            let values = self.chunks(data, network)?.members(network)?;
            let of = |member: usize| values.iter().skip(member).step_by(members).map(|p| f64::from(*p)).collect();
            all.extend((0..members).map(of));
        }
        Ok(all)
    }

    fn answers_churn(&self) -> Result<(), TrainError> {
        let has_churn = self.networks.iter().all(|network| network.spec().head.has_churn());
        if has_churn { Ok(()) } else { Err(TrainError::OtherTask { wanted: "churn" }) }
    }

    pub(crate) fn chunks(&self, data: &Dataset, network: &Network) -> Result<Chunks, TrainError> {
        let (expected, found) = (network.spec().inputs.widths(), data.layout.widths());
        if expected != found {
            return Err(TrainError::Layout { expected, found });
        }
        Ok(Chunks::upload(data, network.spec(), &self.device))
    }

    /// Writes every network into a folder that exists.
    pub fn save(&self, dir: &Path) -> Result<(), TrainError> {
        for (i, network) in self.networks.iter().enumerate() {
            network.save(&file(dir, i))?;
        }
        Ok(())
    }

    /// Reads the networks that [`Trained::save`] wrote.
    pub fn load(dir: &Path, device: &Device) -> Result<Self, TrainError> {
        let files = (0..).map(|i| file(dir, i)).take_while(|path| path.exists());
        let networks = files.map(|path| Network::load(&path, device)).collect::<Result<Vec<_>, _>>()?;
        if networks.is_empty() {
            return Err(TrainError::NoNetworks { dir: dir.to_owned() });
        }
        Ok(Self::new(networks, Vec::new(), device.clone(), None))
    }
}

fn file(dir: &Path, network: usize) -> PathBuf {
    dir.join(format!("network-{network}.weights"))
}
