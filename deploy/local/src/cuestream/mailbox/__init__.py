"""The local stack's mailbox: takes every mail by SMTP, keeps it on disk, shows it; speaks Mailpit's API."""
