"""The HTTP door: who may call it, what its routes do, and the one writer behind them."""
