"""The leak test that ships with the product: canaries through the user's own configuration.

run           the service, with a recorder in place of its backends
positions     every place of a request; found in a sample, not by what is audited
canaries      what is planted there; encodings: in which ways
rounds        what is sent; outside: what is odd around a request
scan          whether a canary can be read in something
surroundings  what the process prints, and the files it writes
control       that all of this can see a leak
report        what was found: names and positions, never what was planted
"""
