package importer

// InHand has imports write what they read from so many places or people on,
// until the function it returns is called.
func InHand(n int) (back func()) {
	places, persons := placesInHand, personsInHand
	placesInHand, personsInHand = n, n
	return func() { placesInHand, personsInHand = places, persons }
}

// InPieces has imports write so many people in a transaction, until the function
// it returns is called.
func InPieces(n int) (back func()) {
	large, small := largeChunk, smallChunk
	largeChunk, smallChunk = n, n
	return func() { largeChunk, smallChunk = large, small }
}
