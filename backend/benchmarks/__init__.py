"""The suite as Jobs of the cluster: which inputs it gets, how it is started, watched and read."""
