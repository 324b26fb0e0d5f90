const multer = require("multer");

const upload = multer({ storage: multer.memoryStorage() }).single("file");

module.exports = {
  upload(event) {
    const { request, response } = event.extensions;
    return new Promise((resolve, reject) => {
      upload(request, response, (error) => {
        if (error) reject(error);
        else resolve({ name: request.file.originalname, size: request.file.size, note: request.body.note });
      });
    });
  },
};
