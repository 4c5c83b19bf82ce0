//! Tables into splits, fitted encoders and dense data sets.
