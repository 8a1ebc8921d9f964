// Package api tests the API as its clients see it: on a whole cluster in one
// process, with every answer compared to the API's public document where that is
// at hand. It is never part of a product.
package api
