console.log('This is the stand-in for actions/setup-node: Node.js', process.version, 'is there.');
