"""Virtual time: how far resolve is, as those know it who follow it."""
