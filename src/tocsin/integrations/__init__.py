"""How are other products spoken to? One folder a vendor, sans I/O: payload to alerts, page to request, reply to verdict."""
