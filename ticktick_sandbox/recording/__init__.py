"""What goes over the wire: every exchange the sandbox takes part in, recorded without secrets.

``recorder`` stands where requests come in and go out, ``redaction`` at its door, and
``labels`` gives each secret the name it has there. What was recorded is shown as a diagram
(``diagram``), drawn for a README (``picture``), and written for other tools (``exports``).
"""
