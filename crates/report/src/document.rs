//! What a page holds, before it becomes markup: the templates write this out and decide nothing.

use crate::figure::{DataTable, Figure};

/// A whole page. Every text is plain; the template escapes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    /// Title of the window.
    pub(crate) title: String,
    /// Short facts above the headline.
    pub(crate) eyebrow: Vec<String>,
    /// The finding, in one sentence.
    pub(crate) headline: String,
    /// Sentences below it.
    pub(crate) facts: Vec<String>,
    /// Boxes above the figures: what makes them doubtful.
    pub(crate) alerts: Vec<Alert>,
    /// Boxes below the figures: what to know before acting on them.
    pub(crate) notices: Vec<Alert>,
    /// The main figures.
    pub(crate) tiles: Vec<Tile>,
    /// What holds for all of them.
    pub(crate) tiles_note: String,
    /// The body.
    pub(crate) sections: Vec<Section>,
    /// Last line.
    pub(crate) footer: String,
}

/// A box of sentences.
#[derive(Clone, Debug)]
pub(crate) struct Alert {
    /// `bad`, `warn` or `plain`.
    pub(crate) class: &'static str,
    pub(crate) title: String,
    pub(crate) items: Vec<String>,
}

/// One main figure.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) interval: String,
    /// The figure of doing without a model.
    pub(crate) rival: String,
}

/// One section of the body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Section {
    /// Anchor: letters and dashes.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    /// Sentences under the title.
    pub(crate) lead: Vec<String>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) blocks: Vec<Block>,
}

impl Section {
    pub(crate) fn new(id: &'static str, title: &'static str) -> Self {
        Self { id, title, ..Self::default() }
    }

    /// Whether there is nothing to show but the title.
    pub(crate) fn is_empty(&self) -> bool {
        self.lead.is_empty() && self.figures.is_empty() && self.blocks.is_empty()
    }
}

/// A table with a title.
#[derive(Clone, Debug, Default)]
pub(crate) struct Block {
    pub(crate) title: String,
    pub(crate) note: String,
    pub(crate) table: DataTable,
    pub(crate) folded: bool,
}
