"""What people do in Slack, carried out; and the line over which it comes where Slack can't call Tocsin."""
