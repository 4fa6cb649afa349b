"""What does the SOP look like on paper? Documents written from the SOP value, and from nothing else.

Pure functions from Sop to text: change one figure in the file and every document that states it changes.
"""

from tocsin.sop.model import Sop
from tocsin.sop.render.escalation import escalation_policy
from tocsin.sop.render.mermaid import flowchart
from tocsin.sop.render.postmortem import postmortem_template
from tocsin.sop.render.severities import severity_levels

__all__ = ["documents", "escalation_policy", "flowchart", "postmortem_template", "severity_levels"]


def documents(sop: Sop) -> dict[str, str]:
    """Every document by its file name."""
    return {
        "severity-levels.md": severity_levels(sop),
        "escalation-policy.md": escalation_policy(sop),
        "postmortem-template.md": postmortem_template(sop),
        "escalation-flowchart.mermaid": flowchart(sop),
    }
