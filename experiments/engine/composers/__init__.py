"""What a study shows of its composers: how much music there is by each, who is never tested, who is taken for whom."""
