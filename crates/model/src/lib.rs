//! Network descriptions to and from burn modules, and the device they run on.
