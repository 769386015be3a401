//! The shared words of the Dynamo test kit: test cases, markers, certainty, and the catalog's JSON lines
