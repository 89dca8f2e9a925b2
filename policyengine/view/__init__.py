"""Set what somebody claims about billing beside what the evidence says: a view."""
