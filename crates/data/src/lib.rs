//! Files into validated tables; event logs into point-in-time features and labels.
