from anyroc.libs.status import failing

failure = failing(invalid=3, memory=3, internal=6)
