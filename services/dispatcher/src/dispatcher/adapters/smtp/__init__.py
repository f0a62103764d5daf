"""E-mail over SMTP: one provider on a pool of connections."""

from dispatcher.adapters.smtp.line import SmtpTimeouts
from dispatcher.adapters.smtp.provider import SmtpEmailProvider
from dispatcher.adapters.smtp.server import SmtpServer, parse_smtp_url

__all__ = ["SmtpEmailProvider", "SmtpServer", "SmtpTimeouts", "parse_smtp_url"]
