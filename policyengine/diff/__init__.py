"""Say what a change of rules and prices does, before it goes live.

- `sides`, `revision`: find the engine that a directory, a bundle, a fingerprint or a git revision stands for
- `tables`: what changed beside the rules: prices, accounts, hosts
- `semantic`: answers that the two engines decide differently, by set analysis
- `log`: what changes among answers that were recorded, and how much money moves
"""
