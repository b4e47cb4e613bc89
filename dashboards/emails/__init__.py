"""E-mails to members: what each kind says, in HTML and in plain text."""
