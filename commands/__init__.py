"""What staff can say, one verb a file. Slack and the command line both end up here, and get the same replies."""
