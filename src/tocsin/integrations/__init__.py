"""How are other products spoken to? One folder a vendor, sans I/O: payload to alerts, effect to request to verdict."""
