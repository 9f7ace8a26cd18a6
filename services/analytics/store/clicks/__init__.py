"""Questions about the order of events: funnels, paths, attribution. Equal times keep the order in which events came."""
