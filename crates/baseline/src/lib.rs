//! LightGBM on the same data set, folds and metrics as the network.
