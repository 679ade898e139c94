"""One reader a question: facts in, an answer out. Pure; who asks has read the facts that the question is about."""
