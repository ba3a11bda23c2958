// Makes jest compile ES modules to CommonJS in Bun, as it does on Node 20: a graph of node:vm's own modules is evaluated
// in another order there, and arktype breaks.
delete require('node:vm').SourceTextModule.prototype.hasAsyncGraph;
