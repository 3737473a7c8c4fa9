"""What each exercise asks of an answer: a module a chapter, a function an exercise, of its name."""
