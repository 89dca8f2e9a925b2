"""Read a policy directory: what a team owns beside the bundled rules and prices."""
