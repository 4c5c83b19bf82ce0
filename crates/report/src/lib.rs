//! Results into an HTML page with plots, its JSON twin and a model card.
