//! Dense data sets into trained models.
