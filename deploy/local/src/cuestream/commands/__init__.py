"""The subcommands, one module each; a module has `register(app)`."""
