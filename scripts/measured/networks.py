"""What the connectors of networks promise."""


def register(measure, tools):
    """Adds the figures. `tools` has `example(crate, name, *arguments)`."""

    @measure("bluesky.jetstream", "events/s", "decode and filter a replay of frames of both kinds on one core: ≥ 50,000, beside serde_json::Value")
    def jetstream():
        found = tools.example("dandelion-networks", "jetstream")
        return found["events_per_s"], found, found["events_per_s"] >= 50_000
