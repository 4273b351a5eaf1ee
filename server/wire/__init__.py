"""Pure translation between the contract's messages and the engine's values; no input or output."""
