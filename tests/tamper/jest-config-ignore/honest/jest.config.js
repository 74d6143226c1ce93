module.exports = {
  verbose: true,
  collectCoverageFrom: ["src/**/*.js"],
};
